#include "system.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <system_error>

#include "noa/sdk/fd.hpp"
#include "proc.hpp"

namespace monitor {

namespace {

constexpr std::size_t max_file = std::size_t{1} << 20U;

std::string read_file(const std::string& path) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg)
    const noa::sdk::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    char part[16384];
    while (file && text.size() < max_file) {
        const ssize_t size = ::read(file.get(), part, sizeof part);
        if (size <= 0) {
            break;
        }
        text.append(part, static_cast<std::size_t>(size));
    }
    return text;
}

void read_file_system(const std::string& path, Samples& into) {
    struct statvfs found {};
    if (::statvfs(path.c_str(), &found) != 0) {
        return;
    }
    const auto add = [&](const char* name, const char* help, double value) {
        into.push_back({name, Kind::gauge, help, {{"path", path}}, value});
    };
    const auto block = static_cast<double>(found.f_frsize);
    add("noa_system_filesystem_size_bytes", "Size of the file system",
        static_cast<double>(found.f_blocks) * block);
    add("noa_system_filesystem_available_bytes", "Room that is left for programs",
        static_cast<double>(found.f_bavail) * block);
    add("noa_system_filesystem_files", "Files that there can be",
        static_cast<double>(found.f_files));
    add("noa_system_filesystem_files_free", "Files that there still can be",
        static_cast<double>(found.f_ffree));
}

void read_open_files(const std::string& process, Samples& into) {
    std::error_code error;
    const std::filesystem::directory_iterator files(process + "/fd", error);
    if (!error) {
        into.push_back({"process_open_fds",
                        Kind::gauge,
                        "Descriptors that noad has open",
                        {},
                        static_cast<double>(std::distance(begin(files), end(files)))});
    }
}

} // namespace

Samples read_system(const SystemSource& source) {
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    const auto text = [&](const char* name) { return read_file(source.proc + name); };
    Samples all;
    read_cpu(text("/stat"), ticks, all);
    read_memory(text("/meminfo"), all);
    read_load(text("/loadavg"), all);
    read_disks(text("/diskstats"), all);
    read_network(text("/net/dev"), all);
    for (const char* resource : {"cpu", "io", "memory"}) {
        read_pressure(text((std::string("/pressure/") + resource).c_str()), resource, all);
    }
    for (const std::string& path : source.paths) {
        read_file_system(path, all);
    }
    if (source.pid != 0) {
        const std::string process = source.proc + "/" + std::to_string(source.pid);
        read_process(read_file(process + "/stat"), ticks, page, all);
        read_open_files(process, all);
    }
    return all;
}

} // namespace monitor
