#include "served_arena.hpp"

namespace noa::runner {

using link::Ask;

noa_status BorrowedArena::open(std::uint64_t layout, std::uint64_t size,
                               plugin::ArenaGrant& ret_grant) {
    LinkEnd::Arrived answer;
    const auto status = link_.ask(Ask::arena_open, answer, [&](link::Writer& out) {
        out.number(layout);
        out.number(size);
    });
    if (status == NOA_OK) {
        link::Reader in(answer.payload);
        ret_grant = link::read_grant(in);
        ret_grant.memory = answer.frame.take_descriptor();
    }
    return status;
}

noa_status BorrowedArena::grow(std::uint64_t size, std::uint64_t& ret_size) {
    LinkEnd::Arrived answer;
    const auto status =
        link_.ask(Ask::arena_grow, answer, [&](link::Writer& out) { out.number(size); });
    if (status == NOA_OK) {
        ret_size = link::Reader(answer.payload).number<std::uint64_t>();
    }
    return status;
}

noa_status BorrowedArena::ask(Ask function) {
    LinkEnd::Arrived answer;
    return link_.ask(function, answer, [](link::Writer&) {});
}

void BorrowedArena::undo_open() {
    static_cast<void>(ask(Ask::arena_undo_open));
}

noa_status BorrowedArena::begin_writing() {
    return ask(Ask::arena_begin_writing);
}

noa_status BorrowedArena::close() {
    return ask(Ask::arena_close);
}

noa_status BorrowedArena::discard() {
    return ask(Ask::arena_discard);
}

} // namespace noa::runner
