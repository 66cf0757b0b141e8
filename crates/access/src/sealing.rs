//! Sealing: how the installation's keys turn a document into a text that only the installation can read.
//!
//! What is sealed for one purpose does not open for another: each purpose derives keys of its own from a secret. The
//! text is three parts joined by dots, each URL-safe base64 without padding: a header in the open, a nonce, and the
//! sealed document with the header as associated data. One algorithm, fixed by the code: XChaCha20-Poly1305.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

pub(crate) const NONCE_BYTES: usize = 24;

/// What keys are derived for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose {
    pub(crate) seal: &'static [u8],
    pub(crate) nonce: &'static [u8],
}

/// Why a text does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsealable {
    Malformed,
    NotGenuine,
}

/// The three parts of a sealed text, still as text.
pub(crate) struct Parts<'a> {
    pub(crate) header: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) sealed: &'a str,
}

impl<'a> Parts<'a> {
    /// Splits a text; space around it is ignored. What is longer than `limit_bytes` is refused before it is read.
    pub(crate) fn read(text: &'a str, limit_bytes: usize) -> Result<Self, Unsealable> {
        let text = text.trim_ascii();
        if text.len() > limit_bytes {
            return Err(Unsealable::Malformed);
        }
        let mut parts = text.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(header), Some(nonce), Some(sealed), None) => Ok(Self {
                header,
                nonce,
                sealed,
            }),
            _ => Err(Unsealable::Malformed),
        }
    }
}

/// The keys of one secret for one purpose.
pub(crate) struct Sealer {
    pub(crate) cipher: XChaCha20Poly1305,
    nonces: Hmac<Sha256>,
}

impl Sealer {
    pub(crate) fn new(secret: &[u8; 32], purpose: Purpose) -> Self {
        let root = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret)
            .expect("HMAC takes keys of any length");
        let seal_key = root
            .clone()
            .chain_update(purpose.seal)
            .finalize()
            .into_bytes();
        let nonce_key = root.chain_update(purpose.nonce).finalize().into_bytes();
        Self {
            cipher: XChaCha20Poly1305::new(&seal_key),
            nonces: <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&nonce_key)
                .expect("HMAC takes keys of any length"),
        }
    }

    /// Seals a document behind a header that is base64 already.
    pub(crate) fn seal(&self, header: String, mut body: Vec<u8>) -> String {
        // The nonce is made from what is sealed: it repeats only when everything repeats, and needs no generator.
        let nonces = self
            .nonces
            .clone()
            .chain_update((header.len() as u64).to_be_bytes());
        let digest = nonces
            .chain_update(&header)
            .chain_update(&body)
            .finalize()
            .into_bytes();
        let mut nonce = XNonce::default();
        nonce.copy_from_slice(&digest[..NONCE_BYTES]);
        self.cipher
            .encrypt_in_place(&nonce, header.as_bytes(), &mut body)
            .expect("a few kilobytes are below the cipher's limit");
        let mut text = header;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(nonce, &mut text);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(body, &mut text);
        text
    }

    /// Opens a document.
    pub(crate) fn open(&self, parts: &Parts<'_>) -> Result<Vec<u8>, Unsealable> {
        let mut nonce = [0; NONCE_BYTES];
        let length = URL_SAFE_NO_PAD
            .decode_slice(parts.nonce, &mut nonce)
            .map_err(|_| Unsealable::Malformed)?;
        if length != NONCE_BYTES {
            return Err(Unsealable::Malformed);
        }
        let mut body = URL_SAFE_NO_PAD
            .decode(parts.sealed)
            .map_err(|_| Unsealable::Malformed)?;
        self.cipher
            .decrypt_in_place(&XNonce::from(nonce), parts.header.as_bytes(), &mut body)
            .map_err(|_| Unsealable::NotGenuine)?;
        Ok(body)
    }
}
