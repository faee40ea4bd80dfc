"""What leaves lrtui: a record as files for papers, pull requests, dashboards and scripts.

formats        the formats, and which of them a name asks for: the way in
content        what every format shows of a record: answer, curves, code, where it comes from
curve_csv      the points as CSV
drawing        the picture as plain arrays: batches, trend, band over repeats, limits
figure         PNG, SVG and PDF, by matplotlib; figure_style: its fonts and sizes
svg            the picture of the HTML page, without matplotlib
html           one page that works offline
text_chart     the picture of the Markdown report, in braille
markdown       a report for a pull request
python_code    the answer as a Python file
series         the points as named numbers, for the dashboards
tfevents       TensorBoard's file format
tensorboard    a record as event files
wandb_run      a record as an offline run of W&B
mlflow_run     a record as a run of MLflow
schema         the JSON Schema of the record itself
"""
