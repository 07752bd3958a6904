{#-
    SQL of the metrics that models/kpi/_kpi__metrics.yml defines for dbt, so that nothing is defined again. Simple metrics, ratios
    of two of them and sums or differences of them, all over one semantic model: what goes beyond stops the run.
-#}

{% macro reported_metrics() -%}
    {#-
        Metrics that say their unit, by name: each with its unit, whether it counts stops or answers, its semantic model, and numerator and
        denominator as SQL over the sums of measures; the others are only counted to be divided. Empty while dbt parses.
    -#}
    {%- set found = [] -%}
    {%- for metric in (graph.metrics.values() if execute else []) | sort(attribute='name') if metric.config.meta.unit -%}
        {%- set parts = metric.type_params -%}
        {%- set inputs = {
            'simple': [{'name': metric.name}],
            'ratio': [parts.numerator, parts.denominator],
            'derived': parts.metrics,
        }.get(metric.type, []) -%}
        {%- set measures = [] -%}
        {%- for input in inputs -%}{%- do measures.append(summed_measure(input.name)) -%}{%- endfor -%}
        {%- set is_bent = metric.filter or inputs | selectattr('filter') | list or inputs | selectattr('alias') | list
            or inputs | selectattr('offset_window') | list or inputs | selectattr('offset_to_grain') | list -%}
        {%- if is_bent or measures | map(attribute='semantic_model') | unique | list | length != 1 -%}
            {{ exceptions.raise_compiler_error("Metric '" ~ metric.name ~ "' is not simple, a ratio or derived, of metrics as"
                ~ " they are over one semantic model; macros/metrics.sql knows no other.") }}
        {%- endif -%}
        {%- set numerator = namespace(sql=measures[0].name) -%}
        {%- if metric.type == 'derived' -%}
            {%- set numerator.sql = parts.expr -%}
            {%- for input in inputs -%}
                {%- set numerator.sql = modules.re.sub('\\b' ~ input.name ~ '\\b', measures[loop.index0].name, numerator.sql) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- do found.append({
            'name': metric.name,
            'unit': metric.config.meta.unit,
            'counts_stops': metric.config.meta.counts_stops,
            'counts_answers': metric.config.meta.counts_answers,
            'semantic_model': measures[0].semantic_model,
            'numerator': numerator.sql,
            'denominator': measures[1].name if metric.type == 'ratio' else none,
        }) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro summed_measure(metric_name) -%}
    {#- The measure of a simple metric, and its semantic model. -#}
    {%- set metric = graph.metrics.values() | selectattr('name', 'equalto', metric_name) | first -%}
    {%- if metric.type != 'simple' or metric.filter or metric.type_params.measure.filter -%}
        {{ exceptions.raise_compiler_error("Metric '" ~ metric_name ~ "' is not one measure without a filter; write the"
            ~ " condition into the measure, for macros/metrics.sql reads no other.") }}
    {%- endif -%}
    {%- for semantic_model in graph.semantic_models.values() -%}
        {%- for measure in semantic_model.measures if measure.name == metric.type_params.measure.name -%}
            {{ return({'name': measure.name, 'semantic_model': semantic_model.name}) }}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{% macro semantic_models_named(name) -%}
    {#- The one semantic model of that name; none while dbt parses. -#}
    {{ return((graph.semantic_models.values() if execute else []) | selectattr('name', 'equalto', name) | list) }}
{%- endmacro %}

{% macro semantic_measures(semantic_model_name) -%}
    {#- Name and expression of each measure of a semantic model; every one must be a sum. Empty while dbt parses. -#}
    {%- set found = [] -%}
    {%- for semantic_model in semantic_models_named(semantic_model_name) -%}
        {%- for measure in semantic_model.measures -%}
            {%- if measure.agg != 'sum' -%}
                {{ exceptions.raise_compiler_error("Measure '" ~ measure.name ~ "' is no sum; macros/metrics.sql adds up.") }}
            {%- endif -%}
            {%- do found.append({'name': measure.name, 'expression': measure.expr or measure.name}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro semantic_dimension(semantic_model_name, dimension_name) -%}
    {#- Expression of a dimension of a semantic model. -#}
    {%- set found = namespace(expression=dimension_name) -%}
    {%- for semantic_model in semantic_models_named(semantic_model_name) -%}
        {%- for dimension in semantic_model.dimensions if dimension.name == dimension_name and dimension.expr -%}
            {%- set found.expression = dimension.expr -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found.expression) }}
{%- endmacro %}
