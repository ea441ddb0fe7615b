// Outputs of the contract, whose readers may be older or younger than the host.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace noa::bus {

// As much of `value` as `room.struct_size` has room for, which is set to how much that is.
template <class T>
void hand_out(T value, T& room) noexcept {
    value.struct_size = std::min<std::uint32_t>(room.struct_size, sizeof value);
    std::memcpy(&room, &value, value.struct_size);
}

} // namespace noa::bus
