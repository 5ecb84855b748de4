//! The operations of an app, asked of its process: what goes in, and what gonogo records of what comes out.

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::Process;
use crate::{
    evidence::{Ending, Fact},
    subject::{CallError, Consent, Subject, reported_ending},
};

impl Process {
    /// Asks for an operation, and records whether, and with which fields, it was answered.
    async fn operate(&self, method: &str, params: Value) -> Result<Value, CallError> {
        let tenant = params["tenant"].as_str().map(str::to_owned);
        let parties = params["installations"].as_array().into_iter().flatten();
        let parties = parties.filter_map(|party| party["tenant"].as_str().map(str::to_owned));
        let call = self.ground.call_begins(parties.chain(tenant.clone()).collect());
        let answer = self.ask(method, params).await;
        self.ground.call_ends(call, method);
        if let (Some(tenant), Ok(answer)) = (&tenant, &answer) {
            self.record_marks(method, tenant.clone(), answer);
        }
        match &answer {
            // A listing is judged item by item.
            Ok(answer) if method != "list_drift" => self.record_words(method, tenant.as_deref(), answer),
            Err(CallError::Refused(words)) => self.record_text("refusal", method, tenant.as_deref(), words),
            _ => {}
        }
        let fields = answer.as_ref().ok().and_then(Value::as_object).map(|o| o.keys().cloned().collect());
        self.ground.record(Fact::OperationAnswered {
            operation: method.to_owned(),
            answered: answer.is_ok(),
            fields: fields.unwrap_or_default(),
        });
        answer
    }

    /// Asks what no caller of the app relies on: with a cursor that it never gave, after its removal, for what it
    /// does not describe. A refusal is no broken promise, so only what it says is recorded.
    ///
    /// # Errors
    /// As the process answers.
    pub async fn probe(&self, method: &str, tenant: &str, beside: &Value) -> Result<Value, CallError> {
        let mut params = self.params_for(tenant);
        for (name, value) in beside.as_object().into_iter().flatten() {
            params[name.as_str()] = value.clone();
        }
        let answer = self.ask(method, params).await;
        match &answer {
            Ok(answer) => self.record_marks(method, tenant.to_owned(), answer),
            Err(CallError::Refused(words)) => self.record_text("refusal", method, Some(tenant), words),
            Err(_) => {}
        }
        answer
    }

    /// Records when an answer for one tenant carries the mark of another, wherever in it that stands.
    fn record_marks(&self, method: &str, tenant: String, answer: &Value) {
        let carries = self.ground.stage.canaries.carried_by(answer.to_string().as_bytes());
        if carries.iter().any(|owner| *owner != tenant) {
            let (surface, text) = (format!("answer of {method}"), String::new());
            self.ground.record(Fact::TextShown { tenant, surface, text, quoted: vec![], carries });
        }
    }

    /// Records every sentence of an answer: somebody will read it.
    fn record_words(&self, method: &str, tenant: Option<&str>, answer: &Value) {
        match answer {
            Value::String(text) if text.contains(' ') => self.record_text("answer", method, tenant, text),
            Value::Array(items) => items.iter().for_each(|item| self.record_words(method, tenant, item)),
            Value::Object(fields) => {
                let of = answer["tenant"].as_str().or(tenant);
                if tenant.is_none()
                    && let Some(of) = of
                {
                    self.record_marks(method, of.to_owned(), answer);
                }
                let said = fields.iter().filter(|(name, _)| *name != "name");
                said.for_each(|(_, value)| self.record_words(method, of, value));
            }
            _ => {}
        }
    }

    fn record_text(&self, what: &str, method: &str, tenant: Option<&str>, text: &str) {
        let tenant = tenant.unwrap_or_default().to_owned();
        let quoted = self.ground.quoted_in(&tenant, text);
        // These are HTTP's words for a status, and nobody's judgement.
        let text = ["Bad Request", "Bad Gateway"]
            .iter()
            .fold(text.to_owned(), |text, words| text.replace(words, ""));
        let surface = format!("{what} of {method}");
        self.ground.record(Fact::TextShown { tenant, surface, text, quoted, carries: vec![] });
    }

    /// A tenant as every call names it.
    fn party(&self, tenant: &str, cloud_id: &str) -> Value {
        let token = self.ground.witness.storage_token(tenant);
        json!({
            "tenant": tenant,
            "cloud_id": cloud_id,
            "storage_token": token.as_ref().map(|token| token.expose_secret()),
        })
    }

    /// The parameters of a call for a tenant.
    fn params_for(&self, tenant: &str) -> Value {
        let installations = self.ground.installations();
        let cloud_id = installations.iter().find(|(name, _)| name == tenant).map(|(_, id)| id.as_str());
        self.party(tenant, cloud_id.unwrap_or_default())
    }

    fn record_page(&self, tenant: &str, asked: Option<i64>, page: &Value) {
        let items = page["items"].as_array().cloned().unwrap_or_default();
        let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let limit = page["limit"].as_u64().or_else(|| asked.and_then(|limit| u64::try_from(limit).ok()));
        self.ground.record(Fact::PageServed {
            tenant: tenant.to_owned(),
            listing: "drift".to_owned(),
            limit: limit.and_then(|n| usize::try_from(n).ok()).unwrap_or_default(),
            items: items.iter().map(|item| text(item, "id")).collect(),
            has_more: page["has_more"].as_bool().unwrap_or_default(),
            next_cursor: !page["next_cursor"].is_null(),
        });
        // What stands beside the text is shown as well: every sentence but the names.
        let beside = |fields: &Value| {
            let fields = fields.as_object().into_iter().flatten();
            let other = fields
                .filter(|(name, _)| !["id", "name", "text", "items", "next_cursor"].contains(&name.as_str()));
            let sentences = other.filter_map(|(_, value)| value.as_str());
            sentences.filter(|text| text.contains(' ')).map(str::to_owned).collect::<Vec<_>>()
        };
        for (of, shown) in std::iter::once(page)
            .chain(&items)
            .flat_map(|part| beside(part).into_iter().map(move |shown| (part, shown)))
        {
            self.ground.record(Fact::TextShown {
                tenant: tenant.to_owned(),
                surface: "beside the drift listing".to_owned(),
                carries: self.ground.stage.canaries.carried_by(shown.as_bytes()),
                text: shown,
                quoted: self.ground.quoted(tenant, &text(of, "name")),
            });
        }
        for item in &items {
            let shown = text(item, "text");
            self.ground.record(Fact::TextShown {
                tenant: tenant.to_owned(),
                surface: "drift listing".to_owned(),
                carries: self.ground.stage.canaries.carried_by(item.to_string().as_bytes()),
                text: shown,
                quoted: self.ground.quoted(tenant, &text(item, "name")),
            });
        }
    }
}

#[async_trait]
impl Subject for Process {
    async fn describe(&self) -> Vec<(String, Vec<String>)> {
        self.description.character().operations
    }

    async fn install(&self, tenant: &str, consent: Consent) -> Result<Value, CallError> {
        self.ground.record(Fact::Installed { tenant: tenant.to_owned(), settings: vec![] });
        self.ground.installed(tenant, &consent.cloud_id);
        let mut params = self.params_for(tenant);
        params["access_token"] = consent.access_token.expose_secret().into();
        params["refresh_token"] = consent.refresh_token.expose_secret().into();
        params["expires_in_s"] = consent.expires_in_s.into();
        params["scopes"] = consent.scopes.into();
        self.operate("install", params).await
    }

    async fn uninstall(&self, tenant: &str) -> Result<Value, CallError> {
        self.ground.record(Fact::Uninstalled { tenant: tenant.to_owned() });
        let answer = self.operate("uninstall", self.params_for(tenant)).await;
        self.ground.uninstalled(tenant);
        answer
    }

    async fn run_job(&self, job: &str, tenant: Option<&str>) -> Result<Value, CallError> {
        if !self.description.jobs.iter().any(|known| known == job) {
            return Err(CallError::Unknown(job.to_owned()));
        }
        let (job, tenant_id, worker) = (job.to_owned(), tenant.map(str::to_owned), self.worker.clone());
        self.ground.record(Fact::JobStarted {
            job: job.clone(),
            tenant: tenant_id.clone(),
            worker: worker.clone(),
            trigger: "scheduled".to_owned(),
        });
        let mut params = json!({});
        let parties: Vec<Value> = match tenant {
            Some(tenant) => vec![self.params_for(tenant)],
            None => self.ground.installations().iter().map(|(t, id)| self.party(t, id)).collect(),
        };
        params["job"] = job.clone().into();
        params["tenant"] = tenant_id.clone().into();
        params["installations"] = parties.into();
        let answer = self.operate("run_job", params).await;
        let report = answer.as_ref().ok().cloned().unwrap_or_default();
        let ending = match &answer {
            Err(CallError::Hung(_)) => Ending::Hung,
            Err(_) => Ending::Threw,
            Ok(_) => reported_ending(&report),
        };
        self.ground.record(Fact::JobEnded { job, tenant: tenant_id, worker, ending, report });
        answer
    }

    async fn create_snapshot(
        &self,
        tenant: &str,
        snapshot_type: &str,
        locked: bool,
    ) -> Result<Value, CallError> {
        let mut params = self.params_for(tenant);
        params["snapshot_type"] = snapshot_type.into();
        params["locked"] = locked.into();
        self.operate("create_snapshot", params).await
    }

    async fn list_drift(
        &self,
        tenant: &str,
        limit: Option<i64>,
        cursor: Option<&str>,
    ) -> Result<Value, CallError> {
        let mut params = self.params_for(tenant);
        params["limit"] = limit.into();
        params["cursor"] = cursor.into();
        let answer = self.operate("list_drift", params).await;
        if let Ok(page) = &answer {
            self.record_page(tenant, limit, page);
        }
        answer
    }

    async fn token_state(&self, tenant: &str) -> Result<Value, CallError> {
        self.operate("get_token_state", self.params_for(tenant)).await
    }
}
