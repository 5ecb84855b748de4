//! The DSSE envelope (<https://github.com/secure-systems-lab/dsse>, v1): a payload, its type and one signature
//! over both. Knows nothing of what is signed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{
    canonical,
    key::{PublicKey, SealingKey},
};

/// The payload type of an in-toto Statement.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: String,
    sig: String,
}

/// What is signed: DSSE's pre-authentication encoding.
fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    message
}

/// The envelope around an in-toto Statement, with a newline at its end.
#[must_use]
pub fn seal(payload: &[u8], key: &SealingKey) -> Vec<u8> {
    let signature = key.sign(&pre_authentication(IN_TOTO, payload));
    let envelope = Envelope {
        payload: STANDARD.encode(payload),
        payload_type: IN_TOTO.to_owned(),
        signatures: vec![Signature { keyid: key.public().id(), sig: STANDARD.encode(signature) }],
    };
    // Text alone: it always has a canonical form.
    let mut bytes = canonical::to_bytes(&envelope).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Opens an envelope that [`seal`] wrote, and checks the signature; answers with the payload.
///
/// # Errors
/// In words: another form, another type, not signed by this key.
pub fn open(envelope: &[u8], key: &PublicKey) -> Result<Vec<u8>, String> {
    let text = envelope.strip_suffix(b"\n").ok_or("its last newline is missing")?;
    let envelope: Envelope =
        canonical::from_bytes(text).map_err(|error| format!("it is no DSSE envelope of gonogo: {error}"))?;
    if envelope.payload_type != IN_TOTO {
        return Err(format!("its payload type is {:?}; expected {IN_TOTO:?}", envelope.payload_type));
    }
    let [Signature { keyid, sig }] = &envelope.signatures[..] else {
        return Err(format!("it has {} signatures; expected one", envelope.signatures.len()));
    };
    let decoded = |text: &str| STANDARD.decode(text).map_err(|_| "it is not strict base64".to_owned());
    let payload = decoded(&envelope.payload)?;
    let signature: [u8; 64] =
        decoded(sig)?.try_into().map_err(|_| "its signature is not of 64 bytes".to_owned())?;
    // The id is a hint and decides nothing; a wrong one was still not written by gonogo.
    let is_signed = key.signed(&pre_authentication(IN_TOTO, &payload), &signature);
    if is_signed && *keyid == key.id() { Ok(payload) } else { Err("its signature is not by the key".into()) }
}

#[cfg(test)]
mod tests {
    use super::{super::key::tests::sealing_key, *};

    #[test]
    fn the_encoding_is_that_of_the_protocol() {
        let encoded = pre_authentication("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn every_changed_byte_of_an_envelope_shows() {
        let key = sealing_key();
        let envelope = seal(br#"{"_type":"x"}"#, &key);
        assert_eq!(open(&envelope, &key.public()).as_deref(), Ok(&br#"{"_type":"x"}"#[..]));
        for place in 0..envelope.len() {
            for bit in 0..8 {
                let mut changed = envelope.clone();
                changed[place] ^= 1 << bit;
                assert!(open(&changed, &key.public()).is_err(), "byte {place}, bit {bit}");
            }
        }
    }
}
