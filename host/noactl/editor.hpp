// A person's editor.
#pragma once

#include <string>

#include "base/result.hpp"

namespace noa::noactl {

[[nodiscard]] Result<void> write_text(const std::string& file, const std::string& text);
// $VISUAL, $EDITOR or vi, until it ends. Refused where it fails.
[[nodiscard]] Result<void> run_editor(const std::string& file);

// `text` as somebody has edited it, and the file where it is, readable by its owner only, whatever
// came of it: for the caller to take away.
[[nodiscard]] Result<std::string> edited(const std::string& text, const std::string& suffix,
                                         std::string& ret_file);

} // namespace noa::noactl
