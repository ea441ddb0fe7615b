// What a runner may do: told by the host before it loads the plugin, done by the runner to itself,
// for good.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "link/frame.hpp"

namespace noa::link {

struct Confinement {
    // Limits; 0: none but the system's.
    std::uint64_t memory = 0;    // bytes that only it has
    std::uint64_t file_size = 0; // bytes of a file that it writes
    std::uint32_t files = 0;     // open descriptors
    bool processes = true;       // whether it may start any

    // Of the file system nothing but what a program needs to run, and these; of system calls none
    // that change the machine or look into other processes.
    bool sandbox = false;
    bool network = true;
    std::vector<std::string> read;
    std::vector<std::string> write;

    friend bool operator==(const Confinement&, const Confinement&) = default;
};
void write(Writer& out, const Confinement& confinement);
[[nodiscard]] Confinement read_confinement(Reader& in);

// What of it is in force, in words, and what this kernel, or whoever started the host, denies.
struct Confined {
    std::vector<std::string> in_force;
    std::vector<std::string> missing;
};
void write(Writer& out, const Confined& confined);
[[nodiscard]] Confined read_confined(Reader& in); // hostile: bounded and printable

} // namespace noa::link
