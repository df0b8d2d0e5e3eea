import { parse } from './lib/parse.js';
import { parse as other } from 'acorn';
import * as all from './lib/parse.js';
export { parse };
export const p = `${parse('x')} parse ${all.parse('y')} ${other('z')}`;
