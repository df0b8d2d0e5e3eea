int scale(int a, int b);
int *scale_all(int *values);
