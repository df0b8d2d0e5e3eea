import { stretch, map } from './math';
import * as math from './math';
export { stretch as resize } from './math';
console.log(stretch(1), math.stretch(2), map.scale(3), [1].map(stretch));
