// A file descriptor with one owner: the SDK's.
#pragma once

#include "noa/sdk/fd.hpp"

namespace backup {

using UniqueFd = noa::sdk::Fd;

} // namespace backup
