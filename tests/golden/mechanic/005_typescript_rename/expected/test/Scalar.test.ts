import { Atom } from '../src/Atom'
jest.mock('../src/Atom')
test('Scalar', () => new Atom(1))
