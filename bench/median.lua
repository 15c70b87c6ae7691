-- median: the middle of a list of numbers, which is left as it is.

return function(numbers)
  local sorted = {}
  for i, number in ipairs(numbers) do sorted[i] = number end
  table.sort(sorted)
  local middle = math.floor((#sorted + 1) / 2)
  if #sorted % 2 == 1 then return sorted[middle] end
  return (sorted[middle] + sorted[middle + 1]) / 2
end
