// The conformance battery of `noactl plugin validate`, from inside: one item a process, so that a
// plugin that hangs or crashes fails that item and nothing else. Not confined: starting an agent
// may need files and sockets.
#pragma once

#include <filesystem>
#include <string>

namespace noa::runner {

// Runs `item` on the plugin `file` and writes lines "step NAME" and, last, a line of JSON,
// {"verdict": "pass"|"fail"|"skipped", "text": …}, to `verdict_fd`. `settings` "" stands for what
// the plugin accepts. Files go beside `file`, into a directory that is the caller's to remove.
// Returns an exit code.
[[nodiscard]] int validate(const std::string& item, const std::filesystem::path& file,
                           const std::string& settings, int verdict_fd);

} // namespace noa::runner
