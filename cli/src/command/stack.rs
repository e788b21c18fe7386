//! `camhook stack`

use camhook_aws::{Account, find_stack};
use serde::Serialize;
use url::Url;

use super::Outcome;
use crate::arguments::{StackAction, StackAdd, StackCommand};
use crate::error::Error;
use crate::output::{Output, single_line};
use crate::stack::{Folder, Selection, Stack};

#[derive(Serialize)]
struct Listed {
    name: String,
    in_use: bool,
    /// Absent where the file cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_url: Option<Url>,
}

#[derive(Serialize)]
struct Changed<'a> {
    name: &'a str,
}

pub(super) async fn run(command: &StackCommand, output: &Output) -> Result<Outcome, Error> {
    let folder = Folder::of_user()?;
    match &command.action {
        StackAction::Add(arguments) => add(&folder, arguments, output).await?,
        StackAction::List => list(&folder, output),
        StackAction::Use(stack) => {
            folder.set_current(&stack.name)?;
            output.result(&Changed { name: &stack.name }, format_args!("using {}", stack.name));
        }
        StackAction::Remove(stack) => {
            folder.remove(&stack.name)?;
            let text = format!("removed {} from this machine; nothing changed on AWS", stack.name);
            output.result(&Changed { name: &stack.name }, text);
        }
    }
    Ok(Outcome::Done)
}

async fn add(folder: &Folder, arguments: &StackAdd, output: &Output) -> Result<(), Error> {
    let StackAdd { name, stack_name, region, profile } = arguments;
    let account = Account { region: region.as_deref(), profile: profile.as_deref(), endpoint_url: None };
    let found = find_stack(stack_name, account).await?;
    let stack = Stack::of_outputs(found.region, stack_name.clone(), profile.clone(), &found.outputs)?;
    folder.save(name, &stack)?;
    if folder.current().is_none() {
        folder.set_current(name)?;
    }
    let text = format!("added {}: use it with --stack {name}", describe(name, &stack));
    output.result(&listed(folder, name.clone(), Some(stack)), text);
    Ok(())
}

fn list(folder: &Folder, output: &Output) {
    let names = folder.names();
    if names.is_empty() {
        output.note("No stacks. Add one with `camhook stack add NAME`.");
    }
    for name in names {
        let selection = Selection { named: Some(name.as_ref()), ..Selection::default() };
        let (stack, text) = match Stack::find(selection) {
            Ok(stack) => {
                let text = describe(&name, &stack);
                (Some(stack), text)
            }
            Err(error) => (None, format!("{name}: {error}")),
        };
        let entry = listed(folder, name, stack);
        let mark = if entry.in_use { '*' } else { ' ' };
        output.result(&entry, format_args!("{mark} {}", single_line(&text)));
    }
}

fn listed(folder: &Folder, name: String, stack: Option<Stack>) -> Listed {
    let in_use = folder.current().as_ref() == Some(&name);
    match stack {
        None => Listed { name, in_use, region: None, stack_name: None, profile: None, api_url: None },
        Some(Stack { region, stack_name, profile, api_url, .. }) => {
            Listed { name, in_use, region: Some(region), stack_name, profile, api_url: Some(api_url) }
        }
    }
}

fn describe(name: &str, stack: &Stack) -> String {
    let profile = stack.profile.as_ref().map(|profile| format!(", profile {profile}")).unwrap_or_default();
    let stack_name = stack.stack_name.as_deref().unwrap_or("?");
    format!("{name}  {stack_name} in {}{profile}  {}", stack.region, stack.api_url)
}
