#include "train/rows_source.h"

tern_rows_source tern_rows_source_of(const tern_recipe *recipe, const tern_recipe_data *data)
{
    tern_rows_source source = {
        .file = data->file,
        .beir = data->beir,
        .split = data->split,
        .anchor = data->anchor,
        .positive = data->positive,
        .negative = data->negative,
        .label = data->label,
        .score = data->score,
        .min_grade = (int)data->min_grade,
        .positives_per_query = data->positives_per_query,
        .negatives_per_row = (int)(data->beir ? data->negatives.per_row : data->negatives_per_row),
        .most_negative_grade = (int)data->negatives.judged,
        .invalid_utf8_replace = recipe->data.invalid_utf8_replace,
    };
    if (data->score_range.n == 2) {
        source.score_least = data->score_range.items[0];
        source.score_most = data->score_range.items[1];
    }
    return source;
}
