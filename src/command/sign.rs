//! `gonogo sign`: a person's decision about a release, signed, into its record.

use std::path::Path;

use anyhow::{Context as _, anyhow};

use super::{Console, Refusal, deliver, now, record_in};
use crate::{
    cli,
    exit::Exit,
    record::{self, Intent, Statement, entry::Decision, entry::Signed, read_regular, sshsig},
    report::printable,
};

/// No statement and no signature is larger. Bytes.
const LARGEST: u64 = 4 << 20;

/// Signs, or writes or takes in what is signed elsewhere.
pub(super) fn sign(arguments: &cli::Sign, console: &mut Console) -> Result<u8, Refusal> {
    let dir = record_in(&arguments.dir);
    let signed = match (&arguments.from, &arguments.to, &arguments.key) {
        (Some(from), ..) => taken_in(&dir, from)?,
        (None, Some(to), _) => return written(arguments, &dir, to, console),
        (None, None, Some(key)) => by_key(arguments, &dir, key)?,
        (None, None, None) => return Err(Refusal::input(anyhow!("nothing to sign with: give --key FILE"))),
    };
    let Signed { decision, principal, role, item, fingerprint, .. } = signed;
    let role = item.map_or_else(|| format!("as {role}"), |item| format!("of {item}"));
    let said = format!(
        "{} ({fingerprint}) signed `{}` {} in {}\n",
        printable(&principal),
        decision.word(),
        printable(&role),
        dir.display()
    );
    console.document(said.as_bytes())?;
    Ok(Exit::Go.code())
}

fn by_key(arguments: &cli::Sign, dir: &Path, key: &Path) -> Result<Signed, Refusal> {
    let key = sshsig::SigningKey::read(key).context("cannot sign").map_err(Refusal::input)?;
    let comment = Some(key.comment().trim()).filter(|comment| !comment.is_empty());
    let statement = statement(arguments, dir, comment)?;
    let signature = key.sign(&statement).map_err(|what| Refusal::input(anyhow!("cannot sign: {what}")))?;
    add(dir, &statement, signature.pem.as_bytes())
}

fn written(arguments: &cli::Sign, dir: &Path, to: &Path, console: &mut Console) -> Result<u8, Refusal> {
    deliver::write(to, &statement(arguments, dir, None)?)?;
    let (to, namespace) = (to.display(), sshsig::NAMESPACE);
    let then = format!(
        "ssh-keygen -Y sign -n {namespace} -f YOUR_KEY {to}\ngonogo sign --from {to} {}\n",
        arguments.dir.display()
    );
    console.document(then.as_bytes())?;
    Ok(Exit::Go.code())
}

fn taken_in(dir: &Path, from: &Path) -> Result<Signed, Refusal> {
    let mut beside = from.as_os_str().to_owned();
    beside.push(".sig");
    let read = |path: &Path| read_regular(path, LARGEST).context("cannot sign").map_err(Refusal::input);
    add(dir, &read(from)?, &read(Path::new(&beside))?)
}

fn statement(arguments: &cli::Sign, dir: &Path, comment: Option<&str>) -> Result<Vec<u8>, Refusal> {
    let principal = arguments.principal.as_deref().or(comment);
    let principal = principal.context("who signs? give --principal NAME").map_err(Refusal::input)?;
    let decision = match arguments.decision {
        cli::Decision::Approve => Decision::Approve,
        cli::Decision::Reject => Decision::Reject,
        cli::Decision::BreakGlass => Decision::BreakGlass,
    };
    let role = arguments.role.as_deref().unwrap_or_default();
    let intent = Intent {
        role,
        item: arguments.item.as_deref(),
        principal,
        decision,
        note: arguments.note.as_deref(),
    };
    let statement = Statement::about(dir, &intent, now()).context("cannot sign").map_err(Refusal::input)?;
    statement.to_bytes().context("cannot sign").map_err(Refusal::input)
}

fn add(dir: &Path, statement: &[u8], signature: &[u8]) -> Result<Signed, Refusal> {
    record::add(dir, statement, signature, now()).context("cannot sign").map_err(Refusal::input)
}
