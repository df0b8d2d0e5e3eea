logger.write({ level: 'info' }, 'a', b);
logger.write({ level: 'warn' });
if (x) logger.write({ level: level() }, logger.write({ level: 'inner' }, 1), ...rest);
console.log('no', 1);
const again = log;
