import { parse } from 'acorn';
parse('x');
