test('adds', () => {
  expect(1 + 1).toBe(2)
  expect(sum([1, 2])).toBe(3)
  assertEqual<number>(a, b)
})
