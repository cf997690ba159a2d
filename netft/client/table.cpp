#include "netft/client/table.hpp"

#include <algorithm>

#include "netft/base/assert.hpp"

namespace netft::client {

void Table::add(std::vector<Cell> row) {
    NETFT_ASSERT(row.size() == columns_.size());
    for (Cell& cell : row) cell.text = printable(cell.text);
    rows_.push_back(std::move(row));
}

// 0: the column is left out.
std::vector<std::size_t> Table::widths() const {
    std::vector<std::size_t> widths(columns_.size(), 0);
    for (const std::vector<Cell>& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], display_width(row[i].text));
    for (std::size_t i = 0; i < widths.size(); ++i)
        if (widths[i] > 0) widths[i] = std::max(widths[i], display_width(columns_[i].title));
    return widths;
}

void Table::print(std::ostream& out, bool colour) const {
    if (rows_.empty()) return;
    std::vector<Cell> titles;
    for (const Column& column : columns_) titles.push_back({column.title, Tone::faint});
    std::vector<std::size_t> column_widths = widths();
    print_row(out, titles, column_widths, colour);
    for (const std::vector<Cell>& row : rows_) print_row(out, row, column_widths, colour);
}

// Blanks are owed until something follows them: no line ends in blanks.
void Table::print_row(std::ostream& out, const std::vector<Cell>& row,
                      const std::vector<std::size_t>& widths, bool colour) const {
    std::size_t owed = 0;
    bool first = true;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (widths[i] == 0) continue;
        if (!first) owed += 2;
        first = false;
        std::size_t blanks = widths[i] - display_width(row[i].text);
        if (columns_[i].align == Align::right) owed += blanks;
        if (!row[i].text.empty()) {
            out << std::string(owed, ' ') << paint(row[i].text, row[i].tone, colour);
            owed = 0;
        }
        if (columns_[i].align == Align::left) owed += blanks;
    }
    out << '\n';
}

}  // namespace netft::client
