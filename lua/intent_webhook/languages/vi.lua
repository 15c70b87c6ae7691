--- Vietnamese: what people write for numbers, dates, yes and no, and what is said to them; docs/slots.md says what the
-- fields mean.

return {
  code = "vi",
  dialogue = {
    polite = { "ạ", "nhé", "nha", "dạ", "à", "ừ", "ok", "vâng", "cảm ơn", "xin", "làm ơn", "đi" },
    cancel = {
      "hủy", "huỷ", "hủy bỏ", "thôi", "thôi khỏi", "bỏ qua hết", "dừng lại", "dừng", "không cần nữa", "tôi đổi ý", "tôi đổi ý rồi",
    },
    help = { "giúp", "giúp tôi", "trợ giúp", "tôi không hiểu", "bạn cần gì" },
    ["repeat"] = { "nhắc lại", "lặp lại", "nói lại", "nói lại đi", "gì cơ", "sao cơ" },
    skip = { "bỏ qua", "không", "không có", "không biết", "tôi không biết", "không cần" },
    nothing = { "không có gì", "không", "không gì cả", "không có" },
    correction = {
      "không", "à không", "không phải", "ý tôi là", "xin lỗi", "nhầm", "tôi nhầm", "đợi đã", "khoan", "thay vào đó", "mà là", "nhưng",
    },
    change = { "đổi", "thay", "sửa", "thay đổi", "cập nhật" },
    articles = { "cái", "lại" },
    links = { "thành", "sang", "là", "qua" },
    says = {
      ask = "Vui lòng cho biết {label}.",
      change = "Bạn muốn thay đổi gì?",
      cancelled = "Vâng, đã hủy.",
      help = "Tôi cần {label}. Bạn cũng có thể nói “nhắc lại” hoặc “hủy”.",
      confirm_help = "Vui lòng nói “có” hoặc “không”, hoặc điều cần thay đổi.",
      handoff = "Tôi sẽ chuyển bạn đến nhân viên hỗ trợ.",
      expired = "Chúng ta chưa xong và đã khá lâu, nên hãy bắt đầu lại.",
    },
    reasons = {
      impossible = "{raw} không tồn tại.",
      ambiguous = "{raw} có thể hiểu theo nhiều cách.",
      incomplete = "{raw} chưa đầy đủ.",
      too_small = "{raw} quá ít.",
      too_large = "{raw} quá nhiều.",
      too_short = "Quá ngắn.",
      too_long = "Quá dài.",
      other = "Tôi chưa hiểu.",
    },
  },
  email = {
    at = { "a còng", "a móc", "a vòng", "at" }, dot = { "chấm", "dot" }, underscore = { "gạch dưới" },
    hyphen = { "gạch ngang", "gạch nối", "trừ" }, plus = { "cộng" },
    before = { "là", "email", "mail", "địa chỉ", "qua", "dạ", "vâng" },
  },
  phone = {
    before = {
      "điện thoại", "số điện thoại", "sđt", "đt", "số", "di động", "gọi", "gọi số", "zalo", "viber", "whatsapp",
      "telegram", "hotline", "liên hệ", "tel", "phone", "fax", "số của tôi",
    },
    not_before = {
      "đơn hàng", "mã đơn", "mã đơn hàng", "đơn", "hóa đơn", "mã", "mã số", "vận đơn", "tài khoản", "số tài khoản",
      "stk", "thẻ", "số thẻ", "cmnd", "cccd", "hộ chiếu", "mã số thuế", "mst", "phiên bản", "giá", "tổng", "order",
      "code", "id",
    },
    extension = { "máy lẻ", "số lẻ", "nhánh", "ext" },
  },
}
