--- English: what people write for numbers, dates, yes and no, and what is said to them; docs/slots.md says what the
-- fields mean.

return {
  code = "en",
}
