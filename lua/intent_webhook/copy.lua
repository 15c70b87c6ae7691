--- copy: another table with the same fields, so that one can change and the other stays. Tables in it are the same.

---@param given table read without metamethods: they may be a user's
---@return table
return function(given)
  local copied = {}
  for key, value in next, given do copied[key] = value end
  return copied
end
