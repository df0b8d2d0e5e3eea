log('info', 'a', b);
log('warn');
if (x) log(level(), log('inner', 1), ...rest);
console.log('no', 1);
const again = log;
