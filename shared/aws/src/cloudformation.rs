//! The outputs of a stack: CloudFormation.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;

use crate::clients::{Account, shared_config};
use crate::objects::reason;

/// A stack as CloudFormation describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployedStack {
    /// Its region.
    pub region: String,
    /// The values of its outputs by their keys.
    pub outputs: BTreeMap<String, String>,
}

/// A stack that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// No region is known.
    #[error("no region: pass --region, or set AWS_REGION or the region of the profile")]
    NoRegion,
    /// There is no such stack.
    #[error("there is no stack `{name}` in {region}: check --stack-name, --region and --profile")]
    Missing {
        /// Its name in CloudFormation.
        name: String,
        /// The region.
        region: String,
    },
    /// CloudFormation refused, or did not answer.
    #[error("failed to read the stack `{name}` in {region}: {reason}")]
    Failed {
        /// Its name in CloudFormation.
        name: String,
        /// The region.
        region: String,
        /// The cause.
        reason: String,
    },
}

/// Reads a stack by its name in CloudFormation.
///
/// # Errors
///
/// When no region is known, the stack does not exist, or CloudFormation refuses or does not answer.
pub async fn find_stack(name: &str, account: Account<'_>) -> Result<DeployedStack, StackError> {
    let config = shared_config(account).await;
    let region = config.region().ok_or(StackError::NoRegion)?.to_string();
    let described = Client::new(&config).describe_stacks().stack_name(name).send().await;
    let missing = || StackError::Missing { name: name.to_owned(), region: region.clone() };
    let described = described.map_err(|error| {
        let reason = reason(&error);
        // CloudFormation has no error code of its own for it.
        if reason.contains("does not exist") {
            return missing();
        }
        StackError::Failed { name: name.to_owned(), region: region.clone(), reason }
    })?;
    let stack = described.stacks.unwrap_or_default().into_iter().next().ok_or_else(missing)?;
    let outputs = stack.outputs.unwrap_or_default().into_iter();
    let outputs = outputs.filter_map(|output| Some((output.output_key?, output.output_value?))).collect();
    Ok(DeployedStack { region, outputs })
}
