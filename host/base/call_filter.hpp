// A seccomp filter: which system calls of this process are answered instead of made.
//
// Calls go by their names; those that this processor does not have are passed over.
#pragma once

#include <seccomp.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa {

// -1 of a name that nobody knows; another negative number when this processor has no such call.
[[nodiscard]] int number_of_call(const std::string& name);
// "mount"; "system call 999" of a number that nobody knows.
[[nodiscard]] std::string name_of_call(int number);

// In the making: calls that it does not speak of are made.  [one thread]
class CallFilter {
public:
    // `foreign`: the answer to calls by the numbers of another architecture, x32 among them.
    explicit CallFilter(std::uint32_t foreign) noexcept;
    CallFilter(const CallFilter&) = delete;
    CallFilter& operator=(const CallFilter&) = delete;
    ~CallFilter();

    // SCMP_ACT_… for these calls, names with blanks between, when their arguments are as `when`
    // says: at most one comparison, of all 64 bits, of each. Said again of a call: that as well.
    void answer(std::string_view calls, std::uint32_t action,
                std::initializer_list<scmp_arg_cmp> when = {});
    // For this thread and those that it starts, for good; no new privileges either. The descriptor
    // tells of calls answered SCMP_ACT_NOTIFY, which wait for it; none when there are none. An
    // Error also when something before it failed.
    [[nodiscard]] Result<UniqueFd> load();

private:
    void note(int code) noexcept { error_ = error_ == 0 && code < 0 ? -code : error_; }

    scmp_filter_ctx context_;
    int error_ = 0; // the first
    bool tells_ = false;
};

} // namespace noa
