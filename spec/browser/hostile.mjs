// hostile: what a stranger might send, to a person's chat or in an answer to a webhook. If any of it ever runs as a
// script, it sets window.__pwned, opens a dialog or asks the network for something, all of which page.mjs notices.

export const longest = "W".repeat(64 * 1024)

export const texts = {
  script: '<script>window.__pwned = "script"; alert(1)</script>',
  image: '<img src="x" onerror="window.__pwned = \'image\'; alert(2)">',
  handler: '"><svg onload="window.__pwned=1" onmouseover=alert(3) style=position:fixed;inset:0;z-index:99>',
  link: '<a href="javascript:window.__pwned=2">javascript:window.__pwned=3</a>',
  closing: "</script></style></title></textarea><script>window.__pwned=4</script>",
  braces: '{{constructor.constructor("window.__pwned=5")()}} ${window.__pwned=6} <%= 7 %>',
  base: '<base href="http://127.0.0.1:9/"><meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">',
  frame: '<iframe srcdoc="<script>parent.__pwned=8</script>"></iframe><style>*{display:none!important}</style>',
  ansi: "\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u001b[2J\u001b[1;1H\u009b31m",
  override: "invoice\u202egnp.exe\u2066hidden\u2069 \u200fright\u200e \u061c",
  zero: "before\u0000after",
  combining: `a${"\u0301".repeat(300)}`,
  shell: "'; touch pwned; echo ' $(touch pwned) `touch pwned` \\\" \\' !! %s %n ~ & touch pwned",
  lines: "one\r\ntwo\u2028three\u2029four\u0085five\tsix",
}

// Text that is no UTF-8.
export const broken = Buffer.from([0x22, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x00, 0x3c, 0x62, 0x3e, 0x22])

export function deep(levels) {
  return '{"level":['.repeat(levels / 2) + '"<b>bottom</b>"' + "]}".repeat(levels / 2)
}

export const numbers = '{"huge":123456789012345678901234567890,"float":1e400,"tiny":-0,"exact":9007199254740993,'
  + '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"a":1,"a":2}'
