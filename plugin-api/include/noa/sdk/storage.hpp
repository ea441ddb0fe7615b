// The agent's own directory: noa.storage/1.
#pragma once

#include <string_view>

#include "noa/ext/storage.h"
#include "noa/sdk/host.hpp"

namespace noa::sdk {

// Lives as long as the generation. From start until quiesce returns.  [lane]
[[nodiscard]] inline Result<std::string_view> state_dir_of(const Host& host) {
    const auto* storage = host.extension<noa_storage_host>(NOA_STORAGE_ID);
    if (storage == nullptr) {
        return Error{NOA_E_UNSUPPORTED, "this host has no storage"};
    }
    noa_str path{};
    if (const noa_status status = storage->state_dir(host.context(), &path); status != NOA_OK) {
        return to_status(status, "lease the state directory").error();
    }
    return view(path);
}

} // namespace noa::sdk
