//! Events: queries on the index.

use camhook_event::{Kind, PlateList, State, TargetClass, Vendor};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which events a query returns. An absent field matches every event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// Events of this area.
    pub area: Option<String>,
    /// Events of this source.
    pub source: Option<String>,
    /// Events of this camera.
    pub camera: Option<String>,
    /// Events of this vendor.
    pub vendor: Option<Vendor>,
    /// Events of this kind.
    pub kind: Option<Kind>,
    /// Events that began or ended.
    pub state: Option<State>,
    /// Events with a target of this class.
    pub target: Option<TargetClass>,
    /// Events whose plate or face is on this list of the device.
    pub list: Option<PlateList>,
    /// Events at or after this time.
    pub since: Option<Timestamp>,
    /// Events before this time.
    pub until: Option<Timestamp>,
}
