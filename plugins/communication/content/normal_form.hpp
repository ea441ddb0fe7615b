// A text as those read it who decode it more than once: what rules are matched with.
#pragma once

#include <string>
#include <string_view>

namespace communication {

// Percent, HTML entities and escapes of scripts decoded, three times over; letters of full width
// and of mathematics, and quotes that are curved, are the plain ones; what is not seen is gone;
// ASCII in lower case, white space one blank. No longer than `text`; of any bytes.
[[nodiscard]] std::string normal_form(std::string_view text);

// Of a normal form: comments of SQL are one blank each, what MySQL runs of them stays.
[[nodiscard]] std::string without_comments(std::string_view normal);

} // namespace communication
