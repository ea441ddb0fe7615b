// Files that are no plugins, made from one that is.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <span>

#include "plugin/scan.hpp"
#include "plugin/scan_bytes.hpp"
#include "support.hpp"

namespace noa::plugin {
namespace {

using test::broken;
using test::read_file;
using test::write_file;

class ScanFile : public testing::Test {
protected:
    // The reason why `bytes`, as a file, are refused; empty when they are not.
    std::string reason_of(const std::string& bytes) {
        const auto file = directory_ / "candidate.so";
        write_file(file, bytes);
        return reason_of(file);
    }
    std::string reason_of(const std::filesystem::path& file) {
        const auto facts = scan(file, {});
        if (facts) {
            return {};
        }
        EXPECT_EQ(facts.error().object, file.string());
        EXPECT_EQ(facts.error().text().find('\n'), std::string::npos);
        return facts.error().reason;
    }
    static std::string good() { return read_file(broken("good")); }

    test::TempDir directory_;
};

Result<ScanFacts> scan_text(const std::string& bytes) {
    return scan_bytes(std::as_bytes(std::span(bytes)), "memory", {});
}

template <class T>
std::string patched(std::string bytes, std::size_t offset, T value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    return bytes;
}

TEST_F(ScanFile, Empty) {
    EXPECT_EQ(reason_of(std::string()), "size: wanted at least 64 bytes, found 0");
}

TEST_F(ScanFile, TextFile) {
    EXPECT_EQ(reason_of(std::string(5000, 'x')), "magic: wanted \\x7fELF, found no shared object");
}

TEST_F(ScanFile, WrongMachine) {
    const auto reason =
        reason_of(patched(good(), offsetof(Elf64_Ehdr, e_machine), std::uint16_t{EM_MIPS}));
    EXPECT_TRUE(reason.starts_with("machine: wanted ")) << reason;
    EXPECT_TRUE(reason.ends_with("found machine (8)")) << reason;
}

TEST_F(ScanFile, OtherClass) {
    EXPECT_EQ(reason_of(patched(good(), EI_CLASS, ELFCLASS32)),
              "class: wanted 64-bit, found 32-bit");
}

TEST_F(ScanFile, Program) {
    EXPECT_EQ(reason_of(patched(good(), offsetof(Elf64_Ehdr, e_type), std::uint16_t{ET_EXEC})),
              "type: wanted a shared object, found a program");
}

TEST_F(ScanFile, SegmentBeyondTheEnd) {
    const auto bytes = good();
    const auto reason = reason_of(patched(
        bytes, sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), std::uint64_t{1} << 40U));
    EXPECT_TRUE(reason.starts_with("segment 0: wanted inside the file's ")) << reason;
}

// 37 of 50 such files killed a process that loaded them.
TEST_F(ScanFile, TruncatedAnywhere) {
    const auto bytes = good();
    for (std::size_t size = 0; size < bytes.size(); size += size < 4096 ? 64 : 4096) {
        EXPECT_FALSE(reason_of(bytes.substr(0, size)).empty()) << size;
    }
    EXPECT_FALSE(reason_of(bytes.substr(0, bytes.size() - 1)).empty());
    EXPECT_TRUE(reason_of(bytes).empty());
}

// Not one of these may crash; whether it still is a plugin depends on the byte.
TEST_F(ScanFile, AnyByteOverwritten) {
    const auto bytes = good();
    std::size_t refused = 0;
    for (std::size_t at = 0; at < bytes.size(); at += at < 8192 ? 1 : 61) {
        for (const char value : {'\0', '\x7f', '\xff'}) {
            auto changed = bytes;
            changed[at] = value;
            const auto facts = scan_text(changed);
            refused += facts ? 0 : 1;
            EXPECT_TRUE(facts || !facts.error().reason.empty()) << at;
        }
    }
    EXPECT_GT(refused, 100U);
}

TEST_F(ScanFile, Directory) {
    EXPECT_EQ(reason_of(directory_.path()), "type: wanted a regular file, found a directory");
}

TEST_F(ScanFile, FifoIsNotWaitedFor) {
    const auto fifo = directory_ / "fifo.so";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_EQ(reason_of(fifo), "type: wanted a regular file, found a fifo");
}

TEST_F(ScanFile, Missing) {
    EXPECT_EQ(scan(directory_ / "none.so", {}).error().code, Errc::not_found);
}

TEST_F(ScanFile, DanglingLink) {
    const auto link = directory_ / "link.so";
    std::filesystem::create_symlink(directory_ / "gone.so", link);
    EXPECT_EQ(reason_of(link), "a symbolic link to a file that does not exist");
}

TEST_F(ScanFile, Unreadable) {
    const auto file = directory_ / "secret.so";
    write_file(file, good());
    ASSERT_EQ(::chmod(file.c_str(), 0), 0);
    ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
    // The superuser may read everything: be somebody else for this one.
    const uid_t self = ::geteuid();
    if (self == 0) {
        ASSERT_EQ(::seteuid(65534), 0);
    }
    const auto facts = scan(file, {});
    ASSERT_EQ(::seteuid(self), 0);
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().code, Errc::denied);
    EXPECT_EQ(facts.error().reason, "Permission denied");
}

TEST_F(ScanFile, WorldWritable) {
    const auto file = directory_ / "open.so";
    write_file(file, good());
    ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
    EXPECT_EQ(reason_of(file),
              "mode of " + file.string() + ": wanted not writable by everyone, found 0666");
    ScanOptions options;
    options.check_owner = false;
    EXPECT_TRUE(scan(file, options));
    EXPECT_FALSE(check_owner(file));
}

TEST_F(ScanFile, WorldWritableDirectory) {
    const auto file = directory_ / "plugin.so";
    write_file(file, good());
    ASSERT_EQ(::chmod(directory_.path().c_str(), 01777), 0);
    EXPECT_EQ(reason_of(file), "mode of " + directory_.path().string() +
                                   ": wanted not writable by everyone, found 1777");
}

TEST_F(ScanFile, LinkIntoAWorldWritableDirectory) {
    const test::TempDir other;
    const auto file = other / "plugin.so";
    write_file(file, good());
    ASSERT_EQ(::chmod(other.path().c_str(), 0777), 0);
    const auto link = directory_ / "link.so";
    std::filesystem::create_symlink(file, link);
    EXPECT_TRUE(reason_of(link).starts_with("mode of " + other.path().string()));
}

} // namespace
} // namespace noa::plugin
