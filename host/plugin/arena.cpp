#include "plugin/arena.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace noa::plugin {

void Arena::tell(noa_arena& ret_arena) const noexcept {
    auto told = found_;
    told.struct_size = std::min<std::uint32_t>(ret_arena.struct_size, sizeof told);
    told.base = mapping_.base();
    told.size = mapping_.size();
    std::memcpy(&ret_arena, &told, told.struct_size);
}

noa_status Arena::open(std::uint64_t layout, std::uint64_t size, noa_arena& ret_arena) {
    if (mapping_.is_open()) {
        return NOA_E_STATE;
    }
    ArenaGrant grant;
    if (const auto status = owner_.open(layout, size, grant); status != NOA_OK) {
        return status;
    }
    if (!grant.memory || !mapping_.open(std::move(grant.memory), grant.size, grant.room) ||
        (grant.writable && !mapping_.allow_writing(owner_.take_parked()))) {
        mapping_.close();
        owner_.undo_open();
        return NOA_E_FAILED;
    }
    room_ = grant.room;
    found_.condition = grant.condition;
    found_.layout = grant.layout;
    found_.epoch = grant.epoch;
    tell(ret_arena);
    return NOA_OK;
}

noa_status Arena::grow(std::uint64_t size, noa_arena& ret_arena) {
    if (!mapping_.is_open()) {
        return NOA_E_STATE;
    }
    if (size > mapping_.size()) {
        if (size <= room_ && !mapping_.make_room(whole_pages(size))) {
            return NOA_E_FAILED;
        }
        std::uint64_t granted = 0;
        if (const auto status = owner_.grow(size, granted); status != NOA_OK) {
            return status;
        }
        if (!mapping_.grow(granted)) {
            return NOA_E_FAILED;
        }
    }
    tell(ret_arena);
    return NOA_OK;
}

noa_status Arena::release(std::uint64_t offset, std::uint64_t size) {
    return mapping_.release(offset, size);
}

void Arena::unmap() noexcept {
    if (auto parked = mapping_.close(); parked.size() != 0) {
        owner_.park(std::move(parked));
    }
}

noa_status Arena::close() {
    if (!mapping_.is_open()) {
        return NOA_E_STATE;
    }
    unmap(); // before anybody is told that it is whole
    return owner_.close();
}

noa_status Arena::discard() {
    const auto status = owner_.discard();
    if (status == NOA_OK) {
        mapping_.close();
    }
    return status;
}

bool Arena::started() {
    return !mapping_.is_open() ||
           (owner_.begin_writing() == NOA_OK && mapping_.allow_writing(owner_.take_parked()));
}

} // namespace noa::plugin
