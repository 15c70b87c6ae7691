// picture: a screenshot as a small PNG: 256 colours at most, of which a page without photographs hardly has more. The
// colours that are there most often stay as they are; each other one becomes the nearest of these.

import { deflateSync, inflateSync } from "node:zlib"

const COLOURS = 256

// The chunks of a PNG that Chromium made: 8 bits, RGB or RGBA, not interlaced.
function decode(png) {
  const data = []
  let head
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    const type = png.toString("latin1", at + 4, at + 8)
    const body = png.subarray(at + 8, at + 8 + length)
    if (type === "IHDR") head = body
    if (type === "IDAT") data.push(body)
    at += length + 12
  }
  const [width, height, depth] = [head.readUInt32BE(0), head.readUInt32BE(4), { 2: 3, 6: 4 }[head[9]]]
  return { width, height, depth, lines: unfilter(inflateSync(Buffer.concat(data)), width * depth, height, depth) }
}

function paeth(left, above, corner) {
  const guess = left + above - corner
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((value) => Math.abs(guess - value))
  if (toLeft <= toAbove && toLeft <= toCorner) return left
  return toAbove <= toCorner ? above : corner
}

function unfilter(bytes, stride, height, depth) {
  const lines = []
  let before = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const filter = bytes[y * (stride + 1)]
    const line = Uint8Array.from(bytes.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)))
    for (let x = 0; x < stride; x++) {
      const left = x < depth ? 0 : line[x - depth]
      const corner = x < depth ? 0 : before[x - depth]
      line[x] += [0, left, before[x], (left + before[x]) >> 1, paeth(left, before[x], corner)][filter]
    }
    lines.push(line)
    before = line
  }
  return lines
}

function nearest(colour, palette) {
  const difference = (other, bits) => ((colour >> bits) & 255) - ((other >> bits) & 255)
  const distance = (other) => [16, 8, 0].reduce((sum, bits) => sum + difference(other, bits) ** 2, 0)
  let best = 0
  for (let index = 1; index < palette.length; index++) {
    if (distance(palette[index]) < distance(palette[best])) best = index
  }
  return best
}

function crc32(bytes) {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

function chunk(type, body) {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), body])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(body.length, 0)
  frame.writeUInt32BE(crc32(typed), 4)
  return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)])
}

export function smallPicture(png) {
  const { width, height, depth, lines } = decode(png)
  const counts = new Map()
  const colourAt = (line, x) => (line[x * depth] << 16) | (line[x * depth + 1] << 8) | line[x * depth + 2]
  for (const line of lines) {
    for (let x = 0; x < width; x++) counts.set(colourAt(line, x), (counts.get(colourAt(line, x)) ?? 0) + 1)
  }
  const palette = [...counts].sort((one, other) => other[1] - one[1]).slice(0, COLOURS).map(([colour]) => colour)
  const places = new Map([...counts.keys()].map((colour) => [colour, nearest(colour, palette)]))
  const pixels = Buffer.alloc((width + 1) * height)
  lines.forEach((line, y) => {
    for (let x = 0; x < width; x++) pixels[y * (width + 1) + 1 + x] = places.get(colourAt(line, x))
  })
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3], 8)
  return Buffer.concat([png.subarray(0, 8), chunk("IHDR", head),
    chunk("PLTE", Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))),
    chunk("IDAT", deflateSync(pixels, { level: 9, memLevel: 9 })), chunk("IEND", Buffer.alloc(0))])
}
