#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "base/unique_fd.hpp"
#include "plugin/confine.hpp"

// From the kernel's documentation; Debian's headers may be older than the kernel.
namespace noa::plugin {

namespace {

constexpr long sys_create_ruleset = 444;
constexpr long sys_add_rule = 445;
constexpr long sys_restrict_self = 446;
constexpr std::uint32_t flag_version = 1;
constexpr int rule_path_beneath = 1;

constexpr std::uint64_t write_file = 1U << 1U;
// REMOVE_DIR, REMOVE_FILE, MAKE_CHAR, _DIR, _REG, _SOCK, _FIFO, _BLOCK, _SYM: bits 4 to 12.
constexpr std::uint64_t change_directory = 0x1ff0U;
constexpr std::uint64_t refer = 1U << 13U;    // from version 2
constexpr std::uint64_t truncate = 1U << 14U; // from version 3

struct RulesetAttributes {
    std::uint64_t handled_access_fs;
};

struct __attribute__((packed)) PathBeneath {
    std::uint64_t allowed_access;
    std::int32_t parent_fd;
};

// Libraries like to open it for writing; harmless.
void allow_null_device(int ruleset, std::uint64_t access) {
    const UniqueFd null(::open("/dev/null", O_PATH | O_CLOEXEC));
    const PathBeneath rule{access, null.get()};
    if (null) {
        static_cast<void>(::syscall(sys_add_rule, ruleset, rule_path_beneath, &rule, 0));
    }
}

} // namespace

bool deny_file_writes() {
    const long version = ::syscall(sys_create_ruleset, nullptr, 0, flag_version);
    if (version < 1) {
        return false;
    }
    const std::uint64_t on_files = write_file | (version >= 3 ? truncate : 0);
    const RulesetAttributes attributes{on_files | change_directory | (version >= 2 ? refer : 0)};
    const UniqueFd ruleset(
        static_cast<int>(::syscall(sys_create_ruleset, &attributes, sizeof attributes, 0)));
    if (!ruleset) {
        return false;
    }
    allow_null_device(ruleset.get(), on_files);
    return ::syscall(sys_restrict_self, ruleset.get(), 0) == 0;
}

} // namespace noa::plugin
