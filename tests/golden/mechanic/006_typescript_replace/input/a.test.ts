test('adds', () => {
  assertEqual(1 + 1, 2)
  assertEqual(
    sum([1, 2]),
    3,
  )
  assertEqual<number>(a, b)
})
