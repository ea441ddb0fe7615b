#include "base/call_filter.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace noa {

namespace {

struct NamedCall {
    std::string_view name;
    int number;
};
// Newer than libseccomp 2.5.4; from 424 on all processors count alike.
constexpr std::array newer_calls{
    NamedCall{"setxattrat", 463},
    NamedCall{"removexattrat", 466},
    NamedCall{"open_tree_attr", 467},
    NamedCall{"file_setattr", 469},
};

} // namespace

int number_of_call(const std::string& name) {
    const int number = ::seccomp_syscall_resolve_name(name.c_str());
    const auto* newer = std::find_if(newer_calls.begin(), newer_calls.end(),
                                     [&](const auto& call) { return call.name == name; });
    return number == __NR_SCMP_ERROR && newer != newer_calls.end() ? newer->number : number;
}

std::string name_of_call(int number) {
    const std::unique_ptr<char, decltype(&std::free)> name(
        ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number), std::free);
    const auto* newer = std::find_if(newer_calls.begin(), newer_calls.end(),
                                     [&](const auto& call) { return call.number == number; });
    return name                         ? std::string(name.get())
           : newer != newer_calls.end() ? std::string(newer->name)
                                        : "system call " + std::to_string(number);
}

CallFilter::CallFilter(std::uint32_t foreign) noexcept : context_(::seccomp_init(SCMP_ACT_ALLOW)) {
    note(context_ == nullptr ? -ENOSYS : 0);
    note(::seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, foreign));
    note(::seccomp_attr_set(context_, SCMP_FLTATR_API_SYSRAWRC, 1)); // errors are the kernel's
}

CallFilter::~CallFilter() {
    ::seccomp_release(context_);
}

void CallFilter::answer(std::string_view calls, std::uint32_t action,
                        std::initializer_list<scmp_arg_cmp> when) {
    tells_ = tells_ || action == SCMP_ACT_NOTIFY;
    while (!calls.empty()) {
        const auto end = std::min(calls.find(' '), calls.size());
        const int number = number_of_call(std::string(calls.substr(0, end)));
        calls.remove_prefix(std::min(end + 1, calls.size()));
        if (number == __NR_SCMP_ERROR) {
            note(-EINVAL);
        } else if (number >= 0) {
            const int added = ::seccomp_rule_add_array(
                context_, action, number, static_cast<unsigned>(when.size()), when.begin());
            note(added == -EEXIST ? 0 : added);
        }
    }
}

Result<UniqueFd> CallFilter::load() {
    if (error_ == 0) {
        note(::seccomp_load(context_));
    }
    if (error_ != 0) {
        return fail_errno("filter system calls", "seccomp", error_);
    }
    return UniqueFd(tells_ ? ::seccomp_notify_fd(context_) : -1);
}

} // namespace noa
