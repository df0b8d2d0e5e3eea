import { scale, map } from './math';
import * as math from './math';
export { scale as resize } from './math';
console.log(scale(1), math.scale(2), map.scale(3), [1].map(scale));
