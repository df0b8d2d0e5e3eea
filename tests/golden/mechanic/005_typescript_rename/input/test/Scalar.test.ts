import { Scalar } from '../src/Scalar'
jest.mock('../src/Scalar')
test('Scalar', () => new Scalar(1))
