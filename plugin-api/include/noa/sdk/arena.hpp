// Memory that the next generation finds as it lies: noa.arena/1. Optional.
//
//     void setup(noa::Setup& setup) override { setup.use(arena_); … }
//     noa::Status start() override {
//         const auto found = arena_.open(layout, 64 * mib);
//         if (!found) return found.error();
//         if (!found->holds(layout)) {
//             if (auto fresh = arena_.begin_anew(layout, 64 * mib); !fresh) return fresh.error();
//         }
//         …
//     }
//     noa::Status quiesce(noa::Time) override { … return arena_.close(); }
//
// What start finds clean is read-only until start has returned; a fresh one is writable at once.
// Nothing in it may point: an Offset does. A saved state may be of another time than the arena, or
// missing: all that it takes to read the arena lies in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "noa/ext/arena.h"
#include "noa/sdk/generation.hpp"

namespace noa::sdk {

// Where in an arena a T lies; 0, where its root is, stands for nowhere.
template <class T>
struct Offset {
    std::uint64_t at = 0;
    [[nodiscard]] explicit constexpr operator bool() const noexcept { return at != 0; }
    friend constexpr bool operator==(Offset, Offset) = default;
};

// A member of the agent, one.  [lane] every function but release; open to close from start to the
// end of quiesce.
class Arena final : public Part {
public:
    enum class Condition : std::uint32_t {
        open = 0, // still: a quiesce that failed has not closed it
        fresh = NOA_ARENA_FRESH,
        clean = NOA_ARENA_CLEAN,
        dirty = NOA_ARENA_DIRTY,
    };
    struct Found {
        Condition condition = Condition::fresh;
        std::uint64_t layout = 0; // that the opener before gave; 0 when fresh
        std::uint64_t epoch = 0;  // how often this memory was opened
        // It is whole, and of this layout.
        [[nodiscard]] bool holds(std::uint64_t wanted) const noexcept {
            return (condition == Condition::clean || condition == Condition::open) &&
                   layout == wanted;
        }
    };

    Status attach(Generation& generation) override {
        if (host_ != nullptr) {
            return invalid("noa::Arena is used twice");
        }
        host_ = &generation.host;
        contract_ = host_->extension<noa_arena_host>(NOA_ARENA_ID);
        return {};
    }

    // False: this host keeps no arenas, or not for this agent (which has replicas).
    [[nodiscard]] bool is_offered() const noexcept { return contract_ != nullptr; }
    [[nodiscard]] bool is_open() const noexcept { return raw_.base != nullptr; }
    // Empty while it is not open. Elsewhere after grow, and gone after close and quiesce.
    [[nodiscard]] std::span<std::byte> bytes() const noexcept {
        return {static_cast<std::byte*>(raw_.base), is_open() ? std::size_t{raw_.size} : 0};
    }

    // Maps all of it, at least `size` bytes; `layout`, not 0, is for the next opener. What lies
    // there and does not `holds(layout)` is for begin_anew.
    Result<Found> open(std::uint64_t layout, std::uint64_t size) {
        if (is_open()) {
            return Found{Condition::open, layout_, raw_.epoch};
        }
        noa_arena told{};
        told.struct_size = sizeof told;
        if (Status done =
                ask("open", [&] { return contract_->open(host_->context(), layout, size, &told); });
            !done) {
            return std::move(done).error();
        }
        raw_ = told;
        layout_ = layout;
        return Found{Condition{told.condition}, told.layout, told.epoch};
    }
    // Opens a fresh one; what lay there before is forgotten, unless start fails.
    Result<Found> begin_anew(std::uint64_t layout, std::uint64_t size) {
        if (Status done = discard(); !done) {
            return std::move(done).error();
        }
        return open(layout, size);
    }
    // At least `size` bytes, new ones zeroes.
    Status grow(std::uint64_t size) {
        noa_arena told = raw_;
        told.struct_size = sizeof told;
        Status done = ask("grow", [&] { return contract_->grow(host_->context(), size, &told); });
        if (done) {
            raw_ = told;
        }
        return done;
    }
    // Gives the memory of whole pages back; they read as zeroes.  [any], but not beside another
    // function of the arena, nor after quiesce.
    Status release(std::uint64_t offset, std::uint64_t size) {
        return ask("release", [&] { return contract_->release(host_->context(), offset, size); });
    }
    // What lies there is whole: the next opener finds it clean. Of one that is not open, nothing.
    Status close() {
        return is_open() ? left(ask("close", [&] { return contract_->close(host_->context()); }))
                         : Status();
    }
    Status discard() {
        return left(ask("discard", [&] { return contract_->discard(host_->context()); }));
    }

    // Null when it would not lie inside, or not where a T can lie: what an offset says is checked,
    // what lies there is not. Until grow, close or quiesce.
    template <class T>
    [[nodiscard]] T* at(Offset<T> offset) const noexcept {
        const std::span<T> one = at(offset, 1);
        return one.empty() ? nullptr : one.data();
    }
    template <class T>
    [[nodiscard]] std::span<T> at(Offset<T> offset, std::uint64_t count) const noexcept {
        return offset ? place<T>(offset.at, count) : std::span<T>();
    }
    // What lies at the beginning.
    template <class T>
    [[nodiscard]] T* root() const noexcept {
        const std::span<T> one = place<T>(0, 1);
        return one.empty() ? nullptr : one.data();
    }
    // REQUIRES that `object` lies inside, not at the beginning.
    template <class T>
    [[nodiscard]] Offset<T> offset_of(const T& object) const noexcept {
        return {static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(&object) -
                                           bytes().data())};
    }

    void quiet() noexcept override { raw_ = {}; } // the host has unmapped it, or will

private:
    template <class T>
    [[nodiscard]] std::span<T> place(std::uint64_t at, std::uint64_t count) const noexcept {
        static_assert(std::is_trivially_copyable_v<T>, "what lies in an arena outlives its code");
        const std::uint64_t size = bytes().size();
        if (at % alignof(T) != 0 || at > size || count > (size - at) / sizeof(T)) {
            return {};
        }
        return {reinterpret_cast<T*>(bytes().data() + at), std::size_t{count}};
    }

    template <class F>
    Status ask(std::string_view what, F&& call) {
        if (contract_ == nullptr) {
            return Error{NOA_E_UNSUPPORTED, "this host keeps no arena for this agent"};
        }
        return to_status(call(), std::string(what).append(" the arena"));
    }
    Status left(Status done) noexcept {
        if (done) {
            raw_ = {};
        }
        return done;
    }

    const Host* host_ = nullptr;
    const noa_arena_host* contract_ = nullptr;
    noa_arena raw_{};          // as the host told it last
    std::uint64_t layout_ = 0; // that it was opened with
};

} // namespace noa::sdk

namespace noa {

using sdk::Arena;
using sdk::Offset;

} // namespace noa
