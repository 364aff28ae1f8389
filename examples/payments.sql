-- Payments: which merchants' payments are large, and what they come to. Bounded input, so rows are final and the
-- command ends by itself:
--
--   millrace run --local examples/payments.sql
CREATE TABLE payments (
  id BIGINT,
  merchant INT,
  cents INT,
  card STRING,
  euros AS CAST(cents AS DECIMAL(12, 2)) / 100
) WITH (
  'connector' = 'datagen',
  'number-of-rows' = '1000',
  'fields.id.kind' = 'sequence',
  'fields.id.start' = '1',
  'fields.id.end' = '1000',
  'fields.merchant.min' = '1',
  'fields.merchant.max' = '5',
  'fields.cents.min' = '100',
  'fields.cents.max' = '500000',
  'fields.card.length' = '16'
);

SELECT merchant, COUNT(*) AS payments, SUM(euros) AS euros, MAX(euros) AS largest,
       COUNT(*) FILTER (WHERE euros >= 1000) AS above_1000
FROM payments
GROUP BY merchant
ORDER BY merchant;
