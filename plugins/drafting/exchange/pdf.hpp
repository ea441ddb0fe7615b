// PDF, by a program that may be installed.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "noa/sdk/result.hpp"

namespace drafting::exchange {

// Which of weasyprint and chromium is there, by its path; `wanted`: only that one, a name or a
// path.
[[nodiscard]] std::optional<std::string> pdf_program(const std::string& wanted);

// Runs it on a page in a private directory below `directory`, which is gone afterwards. The page
// must load nothing. UNSUPPORTED: there is no program; FAILED: what it said, or that it took longer
// than `time`; it is ended then, and when it is asked to stop.
[[nodiscard]] noa::sdk::Result<std::string>
to_pdf(const std::string& html, const std::string& program, const std::string& directory,
       std::chrono::milliseconds time, const std::stop_token& stop);

} // namespace drafting::exchange
