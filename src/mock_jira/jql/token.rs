//! Cuts a query into words, quoted texts and signs. Knows no grammar.

use super::Complaint;

/// A piece of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    Sign(&'static str),
}

impl Token {
    /// Whether it is this keyword, in whatever case.
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(w) if w.eq_ignore_ascii_case(word))
    }
}

/// Cuts a query into its pieces.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Complaint> {
    const SIGNS: [&str; 12] = ["!=", ">=", "<=", "!~", "=", ">", "<", "~", "(", ")", ",", "!"];
    let mut tokens = vec![];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let mut value = String::new();
            let mut chars = rest.char_indices().skip(1);
            let end = loop {
                match chars.next() {
                    None => {
                        return Err(
                            "Error in the JQL Query: The quoted string has not been completed.".into()
                        );
                    }
                    Some((_, '\\')) => value.extend(chars.next().map(|(_, c)| c)),
                    Some((at, c)) if c == first => break at + c.len_utf8(),
                    Some((_, c)) => value.push(c),
                }
            };
            tokens.push(Token::Quoted(value));
            rest = &rest[end..];
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let ends = |c: char| c.is_whitespace() || "=!<>~(),\"'".contains(c);
            let end = rest.find(ends).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}
