//! JavaScript without its comments, byte for byte in the same places. Knows strings, templates and regular
//! expressions just well enough not to take what stands in them for a comment; understands nothing else.

/// What the reader is in the middle of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    Quotes(u8),
    Template,
    Expression,
    LineComment,
    BlockComment,
}

/// The text with every byte of a comment but its line ends made a blank.
pub(super) fn without_comments(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut kept = bytes.to_vec();
    // Templates nest: each `${` opens code whose braces are counted.
    let mut around: Vec<usize> = vec![];
    let mut inside = Inside::Code;
    let mut last = b'(';
    let mut at = 0;
    while at < bytes.len() {
        let (byte, next) = (bytes[at], bytes.get(at + 1).copied().unwrap_or_default());
        let mut step = 1;
        match inside {
            Inside::Code => match (byte, next) {
                (b'/', b'/') => inside = Inside::LineComment,
                (b'/', b'*') => {
                    kept[at..at + 2].fill(b' ');
                    inside = Inside::BlockComment;
                    at += 2;
                    continue;
                }
                (b'/', _) if begins_expression(last) => inside = Inside::Expression,
                (b'"' | b'\'', _) => inside = Inside::Quotes(byte),
                (b'`', _) => inside = Inside::Template,
                (b'{', _) => around.iter_mut().rev().take(1).for_each(|depth| *depth += 1),
                (b'}', _) => match around.last_mut() {
                    Some(0) => {
                        around.pop();
                        inside = Inside::Template;
                    }
                    Some(depth) => *depth -= 1,
                    None => {}
                },
                _ => {}
            },
            Inside::Quotes(_) | Inside::Template | Inside::Expression if byte == b'\\' => step = 2,
            // A string ends with its line: an apostrophe in the text of a page opens none.
            Inside::Quotes(quote) if byte == quote || byte == b'\n' => inside = Inside::Code,
            Inside::Expression if byte == b'/' || byte == b'\n' => inside = Inside::Code,
            Inside::Template if byte == b'`' => inside = Inside::Code,
            Inside::Template if byte == b'$' && next == b'{' => {
                around.push(0);
                inside = Inside::Code;
                step = 2;
            }
            Inside::LineComment if byte == b'\n' => inside = Inside::Code,
            Inside::BlockComment if byte == b'*' && next == b'/' => {
                kept[at..at + 2].fill(b' ');
                inside = Inside::Code;
                at += 2;
                continue;
            }
            _ => {}
        }
        if matches!(inside, Inside::LineComment | Inside::BlockComment) && byte != b'\n' {
            kept[at] = b' ';
        } else if inside == Inside::Code && !byte.is_ascii_whitespace() {
            last = byte;
        }
        at += step;
    }
    String::from_utf8(kept).unwrap_or_else(|_| text.to_owned())
}

/// Whether a slash after this byte begins a regular expression and divides nothing.
fn begins_expression(last: u8) -> bool {
    b"(,=:[!&|?{};+".contains(&last)
}
