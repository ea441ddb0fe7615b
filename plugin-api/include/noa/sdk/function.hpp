// A callable that is moved, never copied, so that it may own a Responder. Small ones live
// inside it and cost no allocation.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace noa::sdk {

template <class Signature>
class Function;

template <class F, class Whole, class R, class... Args>
concept CallableFor = !std::is_same_v<std::remove_cvref_t<F>, Whole> &&
                      std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>;

template <class R, class... Args>
class Function<R(Args...)> {
public:
    Function() = default;

    template <CallableFor<Function, R, Args...> F>
    Function(F&& callable) { // NOLINT(bugprone-forwarding-reference-overload)
        using Target = std::remove_cvref_t<F>;
        if constexpr (fits<Target>) {
            std::construct_at(reinterpret_cast<Target*>(storage_), std::forward<F>(callable));
            call_ = [](void* at, Args... args) -> R {
                return (*static_cast<Target*>(at))(std::forward<Args>(args)...);
            };
            manage_ = [](void* at, void* to) noexcept {
                auto* target = static_cast<Target*>(at);
                if (to != nullptr) {
                    std::construct_at(static_cast<Target*>(to), std::move(*target));
                }
                std::destroy_at(target);
            };
        } else {
            auto owned = std::make_unique<Target>(std::forward<F>(callable));
            *this = Function([owned = std::move(owned)](Args... args) -> R {
                return (*owned)(std::forward<Args>(args)...);
            });
        }
    }

    Function(Function&& other) noexcept { take(other); }
    Function& operator=(Function&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    Function(const Function&) = delete;
    Function& operator=(const Function&) = delete;
    ~Function() { reset(); }

    [[nodiscard]] explicit operator bool() const noexcept { return call_ != nullptr; }
    // REQUIRES: not empty.
    R operator()(Args... args) { return call_(storage_, std::forward<Args>(args)...); }

    void reset() noexcept {
        if (manage_ != nullptr) {
            manage_(storage_, nullptr);
            call_ = nullptr;
            manage_ = nullptr;
        }
    }

private:
    static constexpr std::size_t inline_bytes = 64;
    template <class F>
    // NOLINTBEGIN(misc-redundant-expression): of the alignments, equal on this machine
    static constexpr bool
        fits = sizeof(F) <= inline_bytes &&
               alignof(F) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<F>;
    // NOLINTEND(misc-redundant-expression)

    void take(Function& other) noexcept {
        if (other.manage_ != nullptr) {
            other.manage_(other.storage_, storage_);
            call_ = std::exchange(other.call_, nullptr);
            manage_ = std::exchange(other.manage_, nullptr);
        }
    }

    alignas(std::max_align_t) std::byte storage_[inline_bytes];
    R (*call_)(void*, Args...) = nullptr;
    void (*manage_)(void*, void*) noexcept = nullptr;
};

} // namespace noa::sdk
