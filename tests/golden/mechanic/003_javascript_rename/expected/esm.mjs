import { read } from './lib/parse.js';
import { parse as other } from 'acorn';
import * as all from './lib/parse.js';
export { read };
export const p = `${read('x')} parse ${all.read('y')} ${other('z')}`;
