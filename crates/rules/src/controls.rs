//! Which command decides a control that `audit` does not decide by itself.

use cofferdam_facts::Control;
