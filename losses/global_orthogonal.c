/* Global orthogonal regularisation (Zhang, Yu, Kumar, Chang 2017; GlobalOrthogonalRegularizationLoss of
 * sentence-transformers 6.2), to be added to another loss. Of each column of texts (anchors, positives, each of the
 * negatives), with s the cosines of different texts of the column:
 *     L = mean_weight mean(s)^2 + second_moment_weight max(0, mean(s^2) - 1/D)      averaged or added over the columns
 */
#include "losses/pairs.h"

tern_tensor *tern_loss_global_orthogonal(const tern_loss_options *options, tern_tape *tape,
                                         const tern_loss_batch *batch)
{
    double mean = tern_loss_or(options->mean_weight, 1), second = tern_loss_or(options->second_moment_weight, 1);
    tern_tensor *role[] = {batch->anchor, batch->positive, batch->negative}, *part[3];
    double weight[3];
    int64_t columns = 0, at = 0;
    int n = 0;
    for (int r = 0; r < 3; r++) {
        int64_t each = r == 2 ? batch->n_negatives : 1;
        if (!role[r])
            continue;
        const int64_t *text = batch->text ? batch->text + at : NULL;
        part[n++] = tern_orthogonality(tape, tern_normalize(tape, role[r]), each, mean, second, text);
        at += role[r]->rows;
        columns += each;
    }
    for (int i = 0; i < n; i++)
        weight[i] = options->sum_columns ? 1 : 1 / (double)columns;
    return tern_weighted_sum(tape, part, weight, n);
}
